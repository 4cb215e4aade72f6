"""The remote API: HTTPS on the outside, opcodes and queries on the inside."""
