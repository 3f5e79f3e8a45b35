#!/bin/sh
# Makes what the store has.
echo "three apples" >stock.txt
echo "the stock is there"
