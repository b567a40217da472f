"""The words of the API, in and out: marshmallow schemas, one module for each noun. They know no use case."""
