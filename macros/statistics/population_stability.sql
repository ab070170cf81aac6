{#
    The population stability index, the sum over bins of (p - q) ln(p / q), p and q the shares of a bin now and in the reference
    (Jeffreys' divergence; B. Yurdakul and J. Naranjo, 2020, Journal of Risk Model Validation 14, 89-100). Half a row is added to
    every bin, so that an empty one is rare and not impossible. `bins` is their number, 1 or more.
#}
{% macro psi_term(rows_now, total_now, rows_before, total_before, bins) -%}
    {%- set p = '((' ~ rows_now ~ ' + 0.5e0) / (' ~ total_now ~ ' + 0.5e0 * ' ~ bins ~ '))' -%}
    {%- set q = '((' ~ rows_before ~ ' + 0.5e0) / (' ~ total_before ~ ' + 0.5e0 * ' ~ bins ~ '))' -%}
    ({{ p }} - {{ q }}) * ln({{ p }} / {{ q }})
{%- endmacro %}

{#
    What the index comes to where nothing has changed: (1 / n + 1 / m) times a chi-squared variable with bins - 1 degrees of freedom,
    for n rows now and m before. `psi_noise_floor` is the value it exceeds as rarely as a standard normal variable exceeds z.
#}
{% macro psi_noise_floor(rows_now, rows_before, bins, z) -%}
    (1e0 / {{ rows_now }} + 1e0 / {{ rows_before }}) * ({{ chi_squared_quantile(z, '(' ~ bins ~ ' - 1)') }})
{%- endmacro %}
