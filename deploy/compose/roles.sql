-- The database's own first start runs this, as its superuser. The sink's role owns its database and is
-- nothing else; `migrate` grants the views to the other two (docs/operating-sink.md).
\set password `cat /run/secrets/database_password`
CREATE ROLE vox LOGIN PASSWORD :'password';
CREATE ROLE vox_telemetry_reader NOLOGIN;
CREATE ROLE vox_telemetry_analyst NOLOGIN;
CREATE DATABASE vox OWNER vox;
