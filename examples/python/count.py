#!/usr/bin/env python3
"""Counts from 1 to 10, one number every half second."""
import time

for number in range(1, 11):
    print(number, flush=True)
    time.sleep(0.5)
