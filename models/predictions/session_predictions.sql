with predictions as (
    {{ champion_predictions('session') }}
),

features as (
    select * from {{ ref('session_features') }}
),

words as (
    {{ reasons_in_words('predictions', 'features', 'session_features', {'entity_id': 'session_id', 'as_of_date': 'as_of_date'}) }}
),

sessions as (
    select * from {{ ref('sessions') }}
),

customers as (
    select * from {{ ref('customers') }}
),

final as (
    select
        predictions.entity_id as session_id,
        predictions.task,
        predictions.as_of_date,
        sessions.started_at,
        sessions.customer_id,
        customers.full_name,
        predictions.probability,
        predictions.score,
        {%- for rank in [1, 2, 3] %}
        words.reason_{{ rank }}_text,
        predictions.reason_{{ rank }},
        predictions.contribution_{{ rank }},
        {%- endfor %}
        predictions.model_version,
        predictions.bundle_sha256,
        predictions.feature_schema_hash,
        predictions.code_version,
        predictions.run_id,
        predictions.scored_at
    from predictions
    inner join sessions on predictions.entity_id = sessions.session_id
    left join customers on sessions.customer_id = customers.customer_id
    left join words
        on
            predictions.entity_id = words.entity_id
            and predictions.task = words.task
)

select * from final
