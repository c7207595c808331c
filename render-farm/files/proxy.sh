#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes down who may pass, and starts nginx. The token is shown as it is (bearer) or as the password of the user (basic).
set -eu
config=${FARMHAND_CONFIG_DIR:-/etc/farmhand}
work=${FARMHAND_WORK_DIR:-/tmp}

umask 077
basic=$(printf '%s:%s' "$FARMHAND_USER" "$FARMHAND_TOKEN" | base64 | tr -d '\n')
cat >"$work/who.conf" <<W
map \$http_authorization \$may_pass {
  default 0;
  "Bearer $FARMHAND_TOKEN" 1;
  "Basic $basic" 1;
}
map \$may_pass \$companion_authorization {
  default "";
  1 "Bearer $FARMHAND_TOKEN";
}
W
exec "${FARMHAND_PROGRAM:-nginx}" -c "$config/nginx.conf" -g 'daemon off;'
