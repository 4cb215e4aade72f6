"""The one-command entry: everything between a bare Debian machine and a running cloud.

Standard library only, so that it runs before there is a virtual environment. It talks to the other
parts by their command lines and by HTTP, and imports none of them.
"""
