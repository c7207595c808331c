{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- /* What every name of the farm begins with. */ -}}
{{- define "farm.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* runai, kai or plain. Run:ai's clusters know KAI's queues too, so Run:ai is looked for first. */ -}}
{{- define "farm.platform" -}}
{{- if ne .Values.platform "auto" -}}
{{- .Values.platform -}}
{{- else if .Capabilities.APIVersions.Has "run.ai/v2alpha1" -}}
runai
{{- else if .Capabilities.APIVersions.Has "scheduling.run.ai/v2" -}}
kai
{{- else -}}
plain
{{- end -}}
{{- end -}}

{{- /* Run:ai schedules a project's pods in that project's namespace only. */ -}}
{{- define "farm.namespace" -}}
{{- if eq (include "farm.platform" .) "runai" -}}
runai-{{ .Values.runai.project.name }}
{{- else -}}
{{ .Release.Namespace }}
{{- end -}}
{{- end -}}

{{- /* keda, hpa or none. */ -}}
{{- define "farm.scaling" -}}
{{- if ne .Values.workers.scaling.mode "auto" -}}
{{- .Values.workers.scaling.mode -}}
{{- else if .Capabilities.APIVersions.Has "keda.sh/v1alpha1" -}}
keda
{{- else -}}
none
{{- end -}}
{{- end -}}

{{- /* Call with (list . "component"). */ -}}
{{- define "farm.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: render-farm
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "farm.labels" -}}
{{- $root := index . 0 -}}
{{ include "farm.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ include "farm.name" $root }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{- /* Name, namespace and labels: (list . "component") or (list . "component" "name"). */ -}}
{{- define "farm.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "farm.name" $root }}-{{ last . }}
namespace: {{ include "farm.namespace" $root }}
labels:
  {{- include "farm.labels" . | nindent 2 }}
{{- end -}}

{{- define "farm.managerUrl" -}}
http://{{ include "farm.name" . }}-manager:{{ .Values.flamenco.port }}
{{- end -}}

{{- define "farm.companionUrl" -}}
http://{{ include "farm.name" . }}-companion:8090
{{- end -}}

{{- define "farm.tokenSecret" -}}
{{- .Values.auth.existingSecret | default (printf "%s-token" (include "farm.name" .)) -}}
{{- end -}}

{{- define "farm.shareClaim" -}}
{{- .Values.nfs.existingClaim | default (printf "%s-share" (include "farm.name" .)) -}}
{{- end -}}

{{- define "farm.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.security.uid }}
runAsGroup: {{ .Values.security.gid }}
fsGroup: {{ .Values.security.gid }}
fsGroupChangePolicy: OnRootMismatch
{{- with .Values.security.supplementalGroups }}
supplementalGroups:
  {{- toYaml . | nindent 2 }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "farm.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* Where a pod may run and what it is pulled with: (list . values). */ -}}
{{- define "farm.placement" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with (index . 1).nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (index . 1).tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (index . 1).affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "farm.priority" -}}
{{- with .Values.manager.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- /* The chart's own variables (as YAML) and those of values, which replace those of the same name: an API server takes none twice. */ -}}
{{- define "farm.environment" -}}
{{- $further := index . 1 -}}
{{- $names := list -}}
{{- range $further -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $own := list -}}
{{- range index . 0 | fromYamlArray -}}
{{- if not (has .name $names) -}}
{{- $own = append $own . -}}
{{- end -}}
{{- end -}}
{{- toYaml (concat $own $further) -}}
{{- end -}}
