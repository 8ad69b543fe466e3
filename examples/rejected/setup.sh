#!/bin/sh
echo 'scripts are refused, even harmless ones'
