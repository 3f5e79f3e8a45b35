#!/usr/bin/env python3
"""Greets every name it is sent: one line in, one line out."""
import sys

for line in sys.stdin:
    name = line.rstrip("\n")
    print(f"Hello {name}!", flush=True)
