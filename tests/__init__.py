"""Tests of the tables with dbt (`tests/dbt`), of the packages with pytest (`tests/python`)."""
