{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "workers.scheduler" -}}
{{- $of := dict "runai" "runai-scheduler" "kai" "kai-scheduler" "plain" "" -}}
{{- .Values.workers.schedulerName | default (get $of (include "farm.platform" .)) -}}
{{- end -}}

{{- /* Run:ai takes a Deployment without a class for inference, which is never preempted and never over quota: so one is
       always named there. Newer Run:ai has other names; which it is, the cluster knows. */ -}}
{{- define "workers.priorityClass" -}}
{{- $platform := include "farm.platform" . -}}
{{- if .Values.workers.priorityClassName -}}
{{- .Values.workers.priorityClassName -}}
{{- else if and (eq $platform "runai") .Values.workers.preemptible -}}
{{- $class := "interactive-preemptible" -}}
{{- $old := lookup "scheduling.k8s.io/v1" "PriorityClass" "" $class -}}
{{- $new := lookup "scheduling.k8s.io/v1" "PriorityClass" "" "low" -}}
{{- ternary "low" $class (and (empty $old) (not (empty $new))) -}}
{{- else if eq $platform "runai" -}}
inference
{{- else if eq $platform "kai" -}}
{{- ternary "train" "inference" .Values.workers.preemptible -}}
{{- end -}}
{{- end -}}

{{- /* What the scheduler reads from a worker pod's labels. */ -}}
{{- define "workers.schedulerLabels" -}}
{{- $platform := include "farm.platform" . -}}
{{- if eq $platform "runai" }}
runai/queue: {{ .Values.runai.project.name }}
priorityClassName: {{ include "workers.priorityClass" . }}
{{- else if eq $platform "kai" }}
kai.scheduler/queue: {{ .Values.kai.queue }}
{{- end }}
{{- if ne $platform "plain" }}
kai.scheduler/preemptibility: {{ ternary "preemptible" "non-preemptible" .Values.workers.preemptible }}
{{- end }}
{{- end -}}

{{- define "workers.isFraction" -}}
{{- if contains "." (toString .Values.workers.gpu_count) -}}true{{- end -}}
{{- end -}}

{{- /* Resources with whole GPUs among the limits; a fraction is an annotation instead. */ -}}
{{- define "workers.resources" -}}
{{- $resources := deepCopy .Values.workers.resources -}}
{{- if not (or (include "workers.isFraction" .) (eq (toString .Values.workers.gpu_count) "0")) -}}
{{- $limits := merge (dict .Values.workers.gpuResource (toString .Values.workers.gpu_count)) (get $resources "limits" | default dict) -}}
{{- $_ := set $resources "limits" $limits -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{- /* The GPU use of this farm's workers, 0 to 1. */ -}}
{{- define "workers.gpuQuery" -}}
{{- $window := .Values.workers.scaling.sample_period -}}
{{- $pods := printf "%s-worker-.*" (include "farm.name" .) -}}
{{- if .Values.workers.scaling.prometheus.query -}}
{{- .Values.workers.scaling.prometheus.query -}}
{{- else if eq (include "farm.platform" .) "runai" -}}
avg(avg_over_time(runai_gpu_utilization_per_pod_per_gpu{pod_namespace="{{ include "farm.namespace" . }}",pod_name=~"{{ $pods }}"}[{{ $window }}])) / 100
{{- else -}}
avg(avg_over_time(DCGM_FI_DEV_GPU_UTIL{exported_namespace="{{ include "farm.namespace" . }}",exported_pod=~"{{ $pods }}"}[{{ $window }}]) or avg_over_time(DCGM_FI_DEV_GPU_UTIL{namespace="{{ include "farm.namespace" . }}",pod=~"{{ $pods }}"}[{{ $window }}])) / 100
{{- end -}}
{{- end -}}

{{- define "workers.config" -}}
manager_url: {{ include "farm.managerUrl" . }}
task_types: {{ .Values.workers.taskTypes | toJson }}
# A Blender that takes too much memory is killed before the Worker is, which then tells the Manager.
oom_score_adjust: 500
{{- end -}}

{{- /* Fewest workers where no autoscaler looks after them: with none at all nothing would ever render. */ -}}
{{- define "workers.fixed" -}}
{{- max 1 (int .Values.workers.min_replicas) -}}
{{- end -}}

{{- define "workers.metricLabels" -}}
{{- $own := dict "namespace" (include "farm.namespace" .) "service" (printf "%s-companion" (include "farm.name" .)) -}}
{{- toYaml (.Values.workers.scaling.hpa.matchLabels | default $own) -}}
{{- end -}}

{{- /* The companion is patient already; a second patience on top would only keep GPUs idle. */ -}}
{{- define "workers.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - type: Pods
      value: {{ int .Values.workers.max_replicas }}
      periodSeconds: 15
scaleDown:
  stabilizationWindowSeconds: {{ int .Values.workers.scaling.cool_down_period }}
  policies:
    - type: Percent
      value: 100
      periodSeconds: 15
{{- end -}}

{{- define "workers.environment" -}}
- name: FARMHAND_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: FARMHAND_COMPANION_URL
  value: {{ include "farm.companionUrl" . }}
- name: FARMHAND_COMPANION_MANAGER
  value: {{ include "farm.managerUrl" . }}
- name: FARMHAND_COMPANION_TOKEN_FILE
  value: /etc/farmhand-token/token
- name: FARMHAND_DRAIN_FILE
  value: /run/farmhand/drain
- name: FARMHAND_DRAIN_GRACE_SECS
  # Signing off takes a moment, too.
  value: {{ sub .Values.workers.graceSecs 20 | quote }}
- name: FARMHAND_CYCLES_DEVICE
  value: {{ .Values.rendering.cycles_device }}
- name: FARMHAND_UMASK
  value: {{ .Values.security.umask | quote }}
- name: HOME
  value: /home/farmhand
# OptiX and EEVEE need graphics.
- name: NVIDIA_DRIVER_CAPABILITIES
  value: compute,utility,graphics
{{- end -}}
