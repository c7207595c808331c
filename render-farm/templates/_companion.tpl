{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "companion.environment" -}}
- name: FARMHAND_COMPANION_MANAGER
  value: {{ include "farm.managerUrl" . }}
- name: FARMHAND_COMPANION_SHARE
  value: {{ .Values.nfs.linux.mount }}
- name: FARMHAND_COMPANION_LISTEN
  value: 0.0.0.0:8090
- name: FARMHAND_COMPANION_TOKEN_FILE
  value: /etc/farmhand-token/token
- name: FARMHAND_COMPANION_MIN_WORKERS
  value: {{ .Values.workers.min_replicas | quote }}
- name: FARMHAND_COMPANION_MAX_WORKERS
  value: {{ .Values.workers.max_replicas | quote }}
- name: FARMHAND_COMPANION_GPUS_PER_WORKER
  # Workers with a part of a GPU have one to look at, too.
  value: {{ max 1 (int (toString .Values.workers.gpu_count | float64)) | quote }}
- name: FARMHAND_COMPANION_TARGET_SECS
  value: {{ .Values.workers.scaling.targetSecs | quote }}
- name: FARMHAND_COMPANION_LOAD_SECS
  value: {{ .Values.workers.scaling.loadSecs | quote }}
- name: FARMHAND_COMPANION_HOLD_SECS
  value: {{ .Values.workers.scaling.holdSecs | quote }}
{{- with int .Values.workers.scaling.maxPerUser }}
- name: FARMHAND_COMPANION_MAX_PER_USER
  value: {{ . | quote }}
{{- end }}
{{- with int .Values.workers.scaling.maxPerProject }}
- name: FARMHAND_COMPANION_MAX_PER_PROJECT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.workers.scaling.prometheus.url }}
- name: FARMHAND_COMPANION_PROMETHEUS
  value: {{ . }}
- name: FARMHAND_COMPANION_GPU_QUERY
  value: {{ include "workers.gpuQuery" $ | quote }}
{{- end }}
- name: FARMHAND_COMPANION_KUBERNETES_NAMESPACE
  value: {{ include "farm.namespace" . }}
- name: FARMHAND_COMPANION_WORKER_SELECTOR
  value: app.kubernetes.io/instance={{ .Release.Name }},app.kubernetes.io/component=worker
{{- end -}}
