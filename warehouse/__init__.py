"""What learning and scoring share: the edge to the warehouse, and the tables that Python writes."""
