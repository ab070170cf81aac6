{% macro in_band(bands, dimension, value) -%}
    {{ bands }}.dimension = '{{ dimension }}'
            and (
                ({{ value }} is null and {{ bands }}.is_unknown)
                or (
                    {{ value }} is not null
                    and not {{ bands }}.is_unknown
                    and {{ in_interval(value, bands ~ '.low', bands ~ '.high') }}
                )
            )
{%- endmacro %}
