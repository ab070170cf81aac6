{#
    P-value of a segment against the rest of its parent, two-sided: given how many of the parent bought, the buyers among the
    segment's customers are hypergeometric if segment and rest buy alike, and the p-value is twice the probability of as many
    buyers or more (where the segment buys less: of as many non-buyers or more), at most 1. That is Fisher's exact test with its
    smaller tail doubled: right at any size, and too careful rather than too bold where counts are small. A part is compared with
    the rest, not with the whole, because the whole contains it. 1 where there is nothing to compare: no rest, or a parent in
    which all or none bought.

    `seen`, `seen_in_parent`: columns with the buyers, or with the non-buyers where these are the ones in excess (`in_excess`).
#}
{% macro difference_p_value(seen, customers, seen_in_parent, parent_customers) -%}
    case
            when {{ customers }} = {{ parent_customers }} then 1
            when {{ seen_in_parent }} = 0 or {{ seen_in_parent }} = {{ parent_customers }} then 1
            else least(1, 2 * {{ hypergeometric_tail(seen, customers, seen_in_parent, parent_customers) }})
        end
{%- endmacro %}

{# Buyers where the segment buys at least as often as its parent, else non-buyers; `of` says whose: the segment's or the parent's. #}
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
    P(X >= x) when n of N are drawn and r of the N are marked, for x at or above the mean n r / N and 0 < r < N, 0 < n < N.
    Exact where 40 terms of the sum reach to its end (or 8 standard deviations): the probability of x by logarithms of gamma
    functions, times 1 + the ratios of each next probability to the one before. Beyond, with a variance of 25 or more, the normal
    approximation of Peizer (Ling and Pratt, 1984, JASA 79, 49-60), within 1 % of the tail.
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

{# The same by Peizer's approximation: of a 2 x 2 table with the cells a, b (drawn, unmarked and marked) and c, d (left). #}
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
