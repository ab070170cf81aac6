{#
    The value a variable of Student's t distribution exceeds as rarely as a standard normal one exceeds z: the normal approximation
    of D. L. Wallace (1959, Annals of Mathematical Statistics 30, 1121-1130) turned round. From z = 3 to 5.3
    it is never too small: by up to 5 % too large from 7 degrees of freedom, 1 % from 15.
#}
{% macro student_t_quantile(z, df) -%}
    {%- set w = '(' ~ z ~ ' * (8e0 * ' ~ df ~ ' + 3) / (8e0 * ' ~ df ~ ' + 1))' -%}
    sqrt({{ df }} * (exp({{ w }} * {{ w }} / {{ df }}) - 1))
{%- endmacro %}
