"""What several tests and benchmarks use: small shops, peers, clusters, a copied project."""
