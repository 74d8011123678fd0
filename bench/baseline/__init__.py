"""What a good engineer writes in an afternoon, to be measured beside: spyne, SQLAlchemy, gunicorn.

Fixed code: it is not to be made faster or slower. It takes activities and batches of completions, holds
them to the schema spyne makes of its models, and stores a row each in one transaction. No rules, no
matching, no receipts, no audit, no resending.
"""
