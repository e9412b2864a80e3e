"""What must exist before prefect.yaml is true."""
