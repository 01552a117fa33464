"""Tables that come in: HR lists, exports from Websak, the business register's bulk file. One module for each question."""
