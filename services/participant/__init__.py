"""The shell that all participants share: inbox, effect and outbox in SQL, replies on Kafka, provider calls beside."""
