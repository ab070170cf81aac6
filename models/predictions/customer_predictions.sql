with predictions as (
    {{ champion_predictions('customer') }}
),

features as (
    select * from {{ ref('customer_features') }}
),

words as (
    {{ reasons_in_words('predictions', 'features', 'customer_features', {'entity_id': 'customer_id', 'as_of_date': 'as_of_date'}) }}
),

customers as (
    select * from {{ ref('customers') }}
),

segments as (
    select * from {{ ref('customer_micro_segments') }}
),

final as (
    select
        predictions.entity_id as customer_id,
        predictions.task,
        predictions.as_of_date,
        customers.full_name,
        customers.email,
        customers.has_marketing_consent,
        predictions.probability,
        predictions.score,
        {%- for rank in [1, 2, 3] %}
        words.reason_{{ rank }}_text,
        predictions.reason_{{ rank }},
        predictions.contribution_{{ rank }},
        {%- endfor %}
        segments.demographic_segment_id as segment_id,
        segments.demographic_segment_name as segment_name,
        predictions.model_version,
        predictions.bundle_sha256,
        predictions.feature_schema_hash,
        predictions.code_version,
        predictions.run_id,
        predictions.scored_at
    from predictions
    inner join customers on predictions.entity_id = customers.customer_id
    left join segments
        on
            predictions.entity_id = segments.customer_id
            and predictions.as_of_date = segments.as_of_date
    left join words
        on
            predictions.entity_id = words.entity_id
            and predictions.task = words.task
)

select * from final
