"""Floor 2: what is stored and what may happen to it.

Nouns are in `schedules.models`, verbs in the modules beside it. A verb takes the session first, flushes and never
commits: the edge that called it (a view, a command, a job) ends the transaction. Nothing here knows Flask.
"""
