{#
    Given how many customers of the parent bought, the number of buyers in the segment is hypergeometric if segment and rest buy
    alike. The p-value is twice the probability of at least as many buyers, at most 1. Where the segment buys less, non-buyers are
    counted instead.

    This is Fisher's exact test with its smaller tail doubled. It is valid at any size, and cautious where counts are small. A
    segment is compared with the rest, not with the whole parent, because the parent contains it.
#}
{% macro difference_p_value(seen, customers, seen_in_parent, parent_customers) -%}
    case
            when {{ customers }} = {{ parent_customers }} then 1
            when {{ seen_in_parent }} = 0 or {{ seen_in_parent }} = {{ parent_customers }} then 1
            else least(1, 2 * {{ hypergeometric_tail(seen, customers, seen_in_parent, parent_customers) }})
        end
{%- endmacro %}

{% macro in_excess(buyers, customers, parent_buyers, parent_customers, of='segment') -%}
    {%- set n = {'segment': customers, 'parent': parent_customers}[of] -%}
    {%- set x = {'segment': buyers, 'parent': parent_buyers}[of] -%}
    cast(
            case
                when cast({{ buyers }} as double) * {{ parent_customers }} >= cast({{ parent_buyers }} as double) * {{ customers }} then {{ x }}
                else {{ n }} - {{ x }}
            end as double
        )
{%- endmacro %}

{#
    With a variance below 25 the sum is exact: its 40 terms reach its end, or 8 standard deviations. It is the probability of x,
    by logarithms of gamma functions, times 1 + the ratios of each further probability to the one before. From a variance of 25
    on, Peizer's normal approximation is used.
#}
{% macro hypergeometric_tail(x, n, r, total) -%}
    {%- set variance = n ~ ' * ' ~ r ~ ' / ' ~ total ~ ' * (1 - ' ~ r ~ ' / ' ~ total ~ ') * (' ~ total ~ ' - ' ~ n ~ ') / (' ~ total ~ ' - 1)' -%}
    {%- set ratios = [] -%}
    {%- for k in range(1, 41) -%}
        {%- do ratios.append('(' ~ r ~ ' - ' ~ x ~ ' - ' ~ (k - 1) ~ ') * (' ~ n ~ ' - ' ~ x ~ ' - ' ~ (k - 1) ~ ') / ((' ~ x ~ ' + ' ~ k
            ~ ') * (' ~ total ~ ' - ' ~ n ~ ' - ' ~ r ~ ' + ' ~ x ~ ' + ' ~ k ~ '))') -%}
    {%- endfor -%}
    case
            when {{ x }} = 0 then 1
            when {{ variance }} >= 25 then {{ peizer_tail(x, n, r, total) }}
            else
                exp(
                    {{ ln_choose(r, x) }} + {{ ln_choose('(' ~ total ~ ' - ' ~ r ~ ')', '(' ~ n ~ ' - ' ~ x ~ ')') }}
                    - ({{ ln_choose(total, n) }})
                ) * (1 + {{ ratios | join(' * (1 + ') }}{{ ')' * 40 }}
        end
{%- endmacro %}

{#
    D. B. Peizer's approximation (R. F. Ling and J. W. Pratt, 1984, JASA 79, 49-60) is within 1 % of the tail. It reads a 2 x 2
    table: a and b are drawn (unmarked and marked), c and d are not.
#}
{% macro peizer_tail(x, n, r, total) -%}
    {%- set a, b = '(' ~ n ~ ' - ' ~ x ~ ' + 0.5)', '(' ~ x ~ ' - 0.5)' -%}
    {%- set c = '(' ~ total ~ ' - ' ~ r ~ ' - ' ~ n ~ ' + ' ~ x ~ ' - 0.5)' -%}
    {%- set d = '(' ~ r ~ ' - ' ~ x ~ ' + 0.5)' -%}
    {%- set m, s = '(' ~ total ~ ' - ' ~ n ~ ')', '(' ~ total ~ ' - ' ~ r ~ ')' -%}
    {%- set corrected = {} -%}
    {%- for name, cell, row, column in [('a', a, n, s), ('b', b, n, r), ('c', c, m, s), ('d', d, m, r)] -%}
        {%- do corrected.update({name: '(' ~ cell ~ ' + 1 / 6e0 + 0.02 / (' ~ cell ~ ' + 0.5) + 0.01 / (' ~ row ~ ' + 1) + 0.01 / ('
            ~ column ~ ' + 1))'}) -%}
    {%- endfor -%}
    {%- set terms = [] -%}
    {%- for cell, row, column in [(a, n, s), (b, n, r), (c, m, s), (d, m, r)] -%}
        {%- do terms.append(cell ~ ' * ln(' ~ cell ~ ' * ' ~ total ~ ' / (' ~ row ~ ' * ' ~ column ~ '))') -%}
    {%- endfor -%}
    {%- set difference = '(' ~ a ~ ' * ' ~ d ~ ' - ' ~ b ~ ' * ' ~ c ~ ')' -%}
    {%- set z = '((' ~ corrected.b ~ ' * ' ~ corrected.c ~ ' - ' ~ corrected.a ~ ' * ' ~ corrected.d ~ ') / greatest(abs(' ~ difference
        ~ '), 1e-9) * sqrt(2 * greatest(0, ' ~ terms | join(' + ') ~ ') * (' ~ total ~ ' - 1 / 6e0) / ' ~ total -%}
    {%- set shrink = [] -%}
    {%- for margin in [m, n, r, s] -%}{%- do shrink.append(margin ~ ' / (' ~ margin ~ ' + 1 / 6e0)') -%}{%- endfor -%}
    {{ normal_upper_tail(z ~ ' * ' ~ shrink | join(' * ') ~ '))') }}
{%- endmacro %}
