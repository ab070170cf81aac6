{% macro given_text(text) -%}
    case
            when {{ text }} like '="%"' then nullif(substr({{ text }}, 3, length({{ text }}) - 3), '')
            when lower({{ trimmed(text) }}) not in ({{ placeholder_texts() }}) then {{ text }}
        end
{%- endmacro %}

{% macro placeholder_texts() -%}
    '', '-', '--', 'null', 'none', 'nan', 'nat', 'n/a', '#n/a', '#n/a n/a', '#null!', '#ref!', '#value!', '#name?', '#div/0!', '#num!', '<na>', chr(92) || 'n'
{%- endmacro %}
