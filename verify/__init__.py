"""The independent oracle: proves from topics, databases and provider ledgers alone that every order ended right."""
