"""The read side: answers queries, none older than the consistency token sent with the query."""
