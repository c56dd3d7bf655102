"""What opcua-server.py and opcua-client.py are made of."""
