#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a machine made from this image can say of itself.
printf 'IMAGE_ID=golden\nIMAGE_VERSION=%s\n' "$BUILT_ON" >/etc/image-release
