{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "farm.peer" -}}
- podSelector:
    matchLabels:
      {{- include "farm.selector" . | nindent 6 }}
{{- end -}}

{{- /* As Run:ai's workload the proxy has Run:ai's labels. */ -}}
{{- define "farm.proxyPeer" -}}
{{- if .Values.runai.interactiveWorkload.enabled -}}
- podSelector:
    matchLabels:
      workloadName: {{ .Values.runai.interactiveWorkload.name }}
{{- else -}}
{{- include "farm.peer" (list . "proxy") -}}
{{- end -}}
{{- end -}}

{{- define "farm.toNames" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end -}}
