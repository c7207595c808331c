{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "proxy.config" -}}
# Asks for the farm's token, and passes on to the Manager and its companion.
worker_processes 2;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events {}
http {
  include /tmp/who.conf;
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  map $http_upgrade $connection_wanted {
    default upgrade;
    "" "";
  }

  server {
    listen 8080;
    # Scenes are large, and come in one piece.
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_http_version 1.1;
    proxy_read_timeout 600s;
    proxy_send_timeout 600s;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;

    location = /healthz {
      return 200 "ok\n";
    }
    location /farmhand/ {
      if ($may_pass = 0) {
        return 401;
      }
      proxy_set_header Host $host;
      proxy_set_header Authorization $companion_authorization;
      proxy_pass {{ include "farm.companionUrl" . }};
    }
    location / {
      if ($may_pass = 0) {
        return 401;
      }
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_wanted;
      # The Manager takes any Authorization for that of a worker.
      proxy_set_header Authorization "";
      proxy_pass {{ include "farm.managerUrl" . }};
    }
    error_page 401 = @ask;
    location @ask {
      internal;
      add_header WWW-Authenticate 'Basic realm="Render farm"' always;
      return 401 "The farm asks for its token: Authorization: Bearer TOKEN, or the user's name with the token as the password.\n";
    }
  }
}
{{- end -}}

{{- /* The token and its user, as the proxy's script reads them. */ -}}
{{- define "proxy.environment" -}}
- name: FARMHAND_USER
  value: {{ .Values.auth.user }}
- name: FARMHAND_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ include "farm.tokenSecret" . }}
      key: token
{{- end -}}
