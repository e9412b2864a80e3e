-- Prefect's own database, beside the store's: run by PostgreSQL's image when it makes its databases.
CREATE DATABASE prefect;
