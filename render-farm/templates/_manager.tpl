{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "manager.config" -}}
{{- $linux := .Values.nfs.linux -}}
{{- /* A Manager translates by what workers have alone, on the submitter's platform: so both audiences are told of each. */ -}}
{{- $share := list
  (dict "audience" "workers" "platform" "linux" "value" $linux.mount)
  (dict "audience" "users" "platform" "linux" "value" ($linux.artistMount | default $linux.mount)) -}}
{{- range $platform, $mount := dict "windows" .Values.nfs.windows.mount "darwin" .Values.nfs.mac.mount -}}
{{- range $audience := list "workers" "users" -}}
{{- $share = append $share (dict "audience" $audience "platform" $platform "value" $mount) -}}
{{- end -}}
{{- end -}}
{{- $variables := dict "my_storage" (dict "is_twoway" true "values" $share) -}}
{{- range $name, $path := .Values.rendering.blenders -}}
{{- $_ := set $variables $name (dict "values" (list (dict "platform" "all" "value" $path))) -}}
{{- end -}}
{{- $arguments := printf "%s --python /etc/farmhand/enable_gpu.py" .Values.rendering.blenderArgs -}}
{{- $_ := set $variables "blenderArgs" (dict "values" (list (dict "platform" "all" "value" $arguments))) -}}
{{- $config := dict
  "_meta" (dict "version" 3)
  "manager_name" .Values.flamenco.name
  "database" "/var/lib/flamenco/flamenco-manager.sqlite"
  "local_manager_storage_path" "/var/lib/flamenco/storage"
  "shared_storage_path" $linux.mount
  "listen" ":8080"
  "autodiscoverable" false
  "shaman" (dict "enabled" true)
  "variables" $variables -}}
{{- toYaml (mustMergeOverwrite $config (deepCopy .Values.flamenco.config)) -}}
{{- end -}}
