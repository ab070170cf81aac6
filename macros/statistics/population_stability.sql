{#
    Jeffreys' divergence (B. Yurdakul and J. Naranjo, 2020, Journal of Risk Model Validation 14, 89-100): a bin with the share p
    now and q in the reference gives (p - q) ln(p / q). Half a row is added to each bin, so that an empty bin counts as rare, not
    as impossible.
#}
{% macro psi_term(rows_now, total_now, rows_before, total_before, bins) -%}
    {%- set p = '((' ~ rows_now ~ ' + 0.5e0) / (' ~ total_now ~ ' + 0.5e0 * ' ~ bins ~ '))' -%}
    {%- set q = '((' ~ rows_before ~ ' + 0.5e0) / (' ~ total_before ~ ' + 0.5e0 * ' ~ bins ~ '))' -%}
    ({{ p }} - {{ q }}) * ln({{ p }} / {{ q }})
{%- endmacro %}

{#
    Without a change the index is (1 / n + 1 / m) times a chi-squared variable with bins - 1 degrees of freedom, for n rows now
    and m before.
#}
{% macro psi_noise_floor(rows_now, rows_before, bins, z) -%}
    (1e0 / {{ rows_now }} + 1e0 / {{ rows_before }}) * ({{ chi_squared_quantile(z, '(' ~ bins ~ ' - 1)') }})
{%- endmacro %}
