{{- define "ajj.name" -}}
{{- if contains "ajj" .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{ else }}{{ printf "%s-ajj" .Release.Name | trunc 53 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "ajj.selectorLabels" -}}
app.kubernetes.io/name: ajj
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: webhook
{{- end }}

{{- define "ajj.labels" -}}
{{ include "ajj.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: ajj
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "ajj.serviceAccount" -}}
{{- default (include "ajj.name" .) .Values.serviceAccount.name -}}
{{- end }}

{{- define "ajj.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "ajj.certificateSecret" -}}
{{- if eq .Values.certificates.from "secret" -}}
{{- required "certificates.from is `secret`: certificates.secretName has to name one" .Values.certificates.secretName -}}
{{- else -}}
{{- printf "%s-tls" (include "ajj.name" .) -}}
{{- end -}}
{{- end }}
