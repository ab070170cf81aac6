{% macro in_band(bands, dimension, value) -%}
    {{ bands }}.dimension = '{{ dimension }}'
            and (
                ({{ value }} is null and {{ bands }}.is_unknown)
                or (
                    not {{ bands }}.is_unknown
                    and ({{ bands }}.low is null or {{ value }} >= {{ bands }}.low)
                    and ({{ bands }}.high is null or {{ value }} < {{ bands }}.high)
                    and {{ value }} is not null
                )
            )
{%- endmacro %}
