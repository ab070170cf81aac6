{# J. A. Hanley and B. J. McNeil (1982, Radiology 143, 29-36). It needs only the AUC and the two counts. #}
{% macro auc_standard_error(auc, buyers, others) -%}
    sqrt(
            greatest(
                0,
                {{ auc }} * (1 - {{ auc }})
                + ({{ buyers }} - 1) * ({{ auc }} / (2 - {{ auc }}) - {{ auc }} * {{ auc }})
                + ({{ others }} - 1) * (2 * {{ auc }} * {{ auc }} / (1 + {{ auc }}) - {{ auc }} * {{ auc }})
            ) / greatest({{ buyers }} * {{ others }}, 1e-9)
        )
{%- endmacro %}
