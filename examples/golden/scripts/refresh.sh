#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
apt-get -qq -o Acquire::Languages=none update
