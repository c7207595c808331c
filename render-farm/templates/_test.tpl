{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "test.environment" -}}
- name: FARMHAND_MANAGER
  value: {{ include "farm.managerUrl" . }}
- name: FARMHAND_COMPANION_URL
  value: {{ include "farm.companionUrl" . }}
{{- if .Values.proxy.enabled }}
- name: FARMHAND_PROXY
  value: http://{{ include "farm.name" . }}-proxy
{{- end }}
- name: FARMHAND_COMPANION_TOKEN_FILE
  value: /etc/farmhand-token/token
{{- end -}}
