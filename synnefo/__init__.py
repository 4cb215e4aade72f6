"""The frontend: users ask (intents), clusters report (observations), the database follows."""
