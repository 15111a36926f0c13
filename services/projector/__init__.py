"""The projector: keeps the SQL read model of orders from the events of sagas."""
