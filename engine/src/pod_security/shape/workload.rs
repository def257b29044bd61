//! Workloads, containers and what they hold, as `k8s.io/api` 0.36 types them.

use super::volume::VOLUME;
use super::{Field, Shape, Wanted, embedded, shapes, wanted};

shapes! {
    POD Pod {
        metadata: OBJECT_META, spec: POD_SPEC,
    } + TypeMeta {
        kind: text, apiVersion: text,
    }
    DEPLOYMENT Deployment {
        metadata: OBJECT_META, spec: DEPLOYMENT_SPEC,
    } + TypeMeta {
        kind: text, apiVersion: text,
    }
    CRON_JOB CronJob {
        metadata: OBJECT_META, spec: CRON_JOB_SPEC,
    } + TypeMeta {
        kind: text, apiVersion: text,
    }
    OBJECT_META ObjectMeta {
        name: text, generateName: text, namespace: text, selfLink: text, uid: text UID,
        resourceVersion: text, generation: int64, creationTimestamp: time,
        deletionTimestamp: time, deletionGracePeriodSeconds: int64, labels: {text},
        annotations: {text}, ownerReferences: [OWNER_REFERENCE], finalizers: [text],
    }
    POD_SPEC PodSpec {
        volumes: [VOLUME], initContainers: [CONTAINER], containers: [CONTAINER],
        ephemeralContainers: [EPHEMERAL_CONTAINER], restartPolicy: text RestartPolicy,
        terminationGracePeriodSeconds: int64, activeDeadlineSeconds: int64,
        dnsPolicy: text DNSPolicy, nodeSelector: {text}, serviceAccountName: text,
        serviceAccount: text, automountServiceAccountToken: bool, nodeName: text,
        hostNetwork: bool, hostPID: bool, hostIPC: bool, shareProcessNamespace: bool,
        securityContext: POD_SECURITY_CONTEXT, imagePullSecrets: [LOCAL_OBJECT_REFERENCE],
        hostname: text, subdomain: text, affinity: AFFINITY, schedulerName: text,
        tolerations: [TOLERATION], hostAliases: [HOST_ALIAS], priorityClassName: text,
        priority: int32, dnsConfig: POD_DNS_CONFIG, readinessGates: [POD_READINESS_GATE],
        runtimeClassName: text, enableServiceLinks: bool, preemptionPolicy: text PreemptionPolicy,
        overhead: {quantity}, topologySpreadConstraints: [TOPOLOGY_SPREAD_CONSTRAINT],
        setHostnameAsFQDN: bool, os: POD_OS, hostUsers: bool,
        schedulingGates: [POD_SCHEDULING_GATE], resourceClaims: [POD_RESOURCE_CLAIM],
        resources: RESOURCE_REQUIREMENTS, hostnameOverride: text,
        schedulingGroup: POD_SCHEDULING_GROUP,
    }
    DEPLOYMENT_SPEC DeploymentSpec {
        replicas: int32, selector: LABEL_SELECTOR, template: POD_TEMPLATE_SPEC,
        strategy: DEPLOYMENT_STRATEGY, minReadySeconds: int32, revisionHistoryLimit: int32,
        paused: bool, progressDeadlineSeconds: int32,
    }
    CRON_JOB_SPEC CronJobSpec {
        schedule: text, timeZone: text, startingDeadlineSeconds: int64,
        concurrencyPolicy: text ConcurrencyPolicy, suspend: bool, jobTemplate: JOB_TEMPLATE_SPEC,
        successfulJobsHistoryLimit: int32, failedJobsHistoryLimit: int32,
    }
    OWNER_REFERENCE OwnerReference {
        apiVersion: text, kind: text, name: text, uid: text UID, controller: bool,
        blockOwnerDeletion: bool,
    }
    CONTAINER Container {
        name: text, image: text, command: [text], args: [text], workingDir: text,
        ports: [CONTAINER_PORT], envFrom: [ENV_FROM_SOURCE], env: [ENV_VAR],
        resources: RESOURCE_REQUIREMENTS, resizePolicy: [CONTAINER_RESIZE_POLICY],
        restartPolicy: text ContainerRestartPolicy, restartPolicyRules: [CONTAINER_RESTART_RULE],
        volumeMounts: [VOLUME_MOUNT], volumeDevices: [VOLUME_DEVICE], livenessProbe: PROBE,
        readinessProbe: PROBE, startupProbe: PROBE, lifecycle: LIFECYCLE,
        terminationMessagePath: text, terminationMessagePolicy: text TerminationMessagePolicy,
        imagePullPolicy: text PullPolicy, securityContext: SECURITY_CONTEXT, stdin: bool,
        stdinOnce: bool, tty: bool,
    }
    EPHEMERAL_CONTAINER EphemeralContainer {
        targetContainerName: text,
    } + EphemeralContainerCommon {
        name: text, image: text, command: [text], args: [text], workingDir: text,
        ports: [CONTAINER_PORT], envFrom: [ENV_FROM_SOURCE], env: [ENV_VAR],
        resources: RESOURCE_REQUIREMENTS, resizePolicy: [CONTAINER_RESIZE_POLICY],
        restartPolicy: text ContainerRestartPolicy, restartPolicyRules: [CONTAINER_RESTART_RULE],
        volumeMounts: [VOLUME_MOUNT], volumeDevices: [VOLUME_DEVICE], livenessProbe: PROBE,
        readinessProbe: PROBE, startupProbe: PROBE, lifecycle: LIFECYCLE,
        terminationMessagePath: text, terminationMessagePolicy: text TerminationMessagePolicy,
        imagePullPolicy: text PullPolicy, securityContext: SECURITY_CONTEXT, stdin: bool,
        stdinOnce: bool, tty: bool,
    }
    POD_SECURITY_CONTEXT PodSecurityContext {
        seLinuxOptions: SELINUX_OPTIONS, windowsOptions: WINDOWS_SECURITY_CONTEXT_OPTIONS,
        runAsUser: int64, runAsGroup: int64, runAsNonRoot: bool, supplementalGroups: [int64],
        supplementalGroupsPolicy: text SupplementalGroupsPolicy, fsGroup: int64,
        sysctls: [SYSCTL], fsGroupChangePolicy: text PodFSGroupChangePolicy,
        seccompProfile: SECCOMP_PROFILE, appArmorProfile: APP_ARMOR_PROFILE,
        seLinuxChangePolicy: text PodSELinuxChangePolicy,
    }
    LOCAL_OBJECT_REFERENCE LocalObjectReference { name: text }
    AFFINITY Affinity {
        nodeAffinity: NODE_AFFINITY, podAffinity: POD_AFFINITY,
        podAntiAffinity: POD_ANTI_AFFINITY,
    }
    TOLERATION Toleration {
        key: text, operator: text TolerationOperator, value: text, effect: text TaintEffect,
        tolerationSeconds: int64,
    }
    HOST_ALIAS HostAlias { ip: text, hostnames: [text] }
    POD_DNS_CONFIG PodDNSConfig {
        nameservers: [text], searches: [text], options: [POD_DNS_CONFIG_OPTION],
    }
    POD_READINESS_GATE PodReadinessGate { conditionType: text PodConditionType }
    TOPOLOGY_SPREAD_CONSTRAINT TopologySpreadConstraint {
        maxSkew: int32, topologyKey: text, whenUnsatisfiable: text UnsatisfiableConstraintAction,
        labelSelector: LABEL_SELECTOR, minDomains: int32,
        nodeAffinityPolicy: text NodeInclusionPolicy, nodeTaintsPolicy: text NodeInclusionPolicy,
        matchLabelKeys: [text],
    }
    POD_OS PodOS { name: text OSName }
    POD_SCHEDULING_GATE PodSchedulingGate { name: text }
    POD_RESOURCE_CLAIM PodResourceClaim {
        name: text, resourceClaimName: text, resourceClaimTemplateName: text,
    }
    RESOURCE_REQUIREMENTS ResourceRequirements {
        limits: {quantity}, requests: {quantity}, claims: [RESOURCE_CLAIM],
    }
    POD_SCHEDULING_GROUP PodSchedulingGroup { podGroupName: text }
    LABEL_SELECTOR LabelSelector {
        matchLabels: {text}, matchExpressions: [LABEL_SELECTOR_REQUIREMENT],
    }
    POD_TEMPLATE_SPEC PodTemplateSpec { metadata: OBJECT_META, spec: POD_SPEC }
    DEPLOYMENT_STRATEGY DeploymentStrategy {
        type: text DeploymentStrategyType, rollingUpdate: ROLLING_UPDATE_DEPLOYMENT,
    }
    JOB_TEMPLATE_SPEC JobTemplateSpec { metadata: OBJECT_META, spec: JOB_SPEC }
    CONTAINER_PORT ContainerPort {
        name: text, hostPort: int32, containerPort: int32, protocol: text Protocol, hostIP: text,
    }
    ENV_FROM_SOURCE EnvFromSource {
        prefix: text, configMapRef: CONFIG_MAP_ENV_SOURCE, secretRef: SECRET_ENV_SOURCE,
    }
    ENV_VAR EnvVar { name: text, value: text, valueFrom: ENV_VAR_SOURCE }
    CONTAINER_RESIZE_POLICY ContainerResizePolicy {
        resourceName: text ResourceName, restartPolicy: text ResourceResizeRestartPolicy,
    }
    CONTAINER_RESTART_RULE ContainerRestartRule {
        action: text ContainerRestartRuleAction, exitCodes: CONTAINER_RESTART_RULE_ON_EXIT_CODES,
    }
    VOLUME_MOUNT VolumeMount {
        name: text, readOnly: bool, recursiveReadOnly: text RecursiveReadOnlyMode,
        mountPath: text, subPath: text, mountPropagation: text MountPropagationMode,
        subPathExpr: text,
    }
    VOLUME_DEVICE VolumeDevice { name: text, devicePath: text }
    PROBE Probe {
        initialDelaySeconds: int32, timeoutSeconds: int32, periodSeconds: int32,
        successThreshold: int32, failureThreshold: int32, terminationGracePeriodSeconds: int64,
    } + ProbeHandler {
        exec: EXEC_ACTION, httpGet: HTTP_GET_ACTION, tcpSocket: TCP_SOCKET_ACTION,
        grpc: GRPC_ACTION,
    }
    LIFECYCLE Lifecycle {
        postStart: LIFECYCLE_HANDLER, preStop: LIFECYCLE_HANDLER, stopSignal: text Signal,
    }
    SECURITY_CONTEXT SecurityContext {
        capabilities: CAPABILITIES, privileged: bool, seLinuxOptions: SELINUX_OPTIONS,
        windowsOptions: WINDOWS_SECURITY_CONTEXT_OPTIONS, runAsUser: int64, runAsGroup: int64,
        runAsNonRoot: bool, readOnlyRootFilesystem: bool, allowPrivilegeEscalation: bool,
        procMount: text ProcMountType, seccompProfile: SECCOMP_PROFILE,
        appArmorProfile: APP_ARMOR_PROFILE,
    }
    SELINUX_OPTIONS SELinuxOptions { user: text, role: text, type: text, level: text }
    WINDOWS_SECURITY_CONTEXT_OPTIONS WindowsSecurityContextOptions {
        gmsaCredentialSpecName: text, gmsaCredentialSpec: text, runAsUserName: text,
        hostProcess: bool,
    }
    SYSCTL Sysctl { name: text, value: text }
    SECCOMP_PROFILE SeccompProfile { type: text SeccompProfileType, localhostProfile: text }
    APP_ARMOR_PROFILE AppArmorProfile {
        type: text AppArmorProfileType, localhostProfile: text,
    }
    NODE_AFFINITY NodeAffinity {
        requiredDuringSchedulingIgnoredDuringExecution: NODE_SELECTOR,
        preferredDuringSchedulingIgnoredDuringExecution: [PREFERRED_SCHEDULING_TERM],
    }
    POD_AFFINITY PodAffinity {
        requiredDuringSchedulingIgnoredDuringExecution: [POD_AFFINITY_TERM],
        preferredDuringSchedulingIgnoredDuringExecution: [WEIGHTED_POD_AFFINITY_TERM],
    }
    POD_ANTI_AFFINITY PodAntiAffinity {
        requiredDuringSchedulingIgnoredDuringExecution: [POD_AFFINITY_TERM],
        preferredDuringSchedulingIgnoredDuringExecution: [WEIGHTED_POD_AFFINITY_TERM],
    }
    POD_DNS_CONFIG_OPTION PodDNSConfigOption { name: text, value: text }
    RESOURCE_CLAIM ResourceClaim { name: text, request: text }
    LABEL_SELECTOR_REQUIREMENT LabelSelectorRequirement {
        key: text, operator: text LabelSelectorOperator, values: [text],
    }
    ROLLING_UPDATE_DEPLOYMENT RollingUpdateDeployment {
        maxUnavailable: int_or_string, maxSurge: int_or_string,
    }
    JOB_SPEC JobSpec {
        parallelism: int32, completions: int32, activeDeadlineSeconds: int64,
        podFailurePolicy: POD_FAILURE_POLICY, successPolicy: SUCCESS_POLICY, backoffLimit: int32,
        backoffLimitPerIndex: int32, maxFailedIndexes: int32, selector: LABEL_SELECTOR,
        manualSelector: bool, template: POD_TEMPLATE_SPEC, ttlSecondsAfterFinished: int32,
        completionMode: text CompletionMode, suspend: bool,
        podReplacementPolicy: text PodReplacementPolicy, managedBy: text,
    }
    CONFIG_MAP_ENV_SOURCE ConfigMapEnvSource {
        optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    SECRET_ENV_SOURCE SecretEnvSource {
        optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    ENV_VAR_SOURCE EnvVarSource {
        fieldRef: OBJECT_FIELD_SELECTOR, resourceFieldRef: RESOURCE_FIELD_SELECTOR,
        configMapKeyRef: CONFIG_MAP_KEY_SELECTOR, secretKeyRef: SECRET_KEY_SELECTOR,
        fileKeyRef: FILE_KEY_SELECTOR,
    }
    CONTAINER_RESTART_RULE_ON_EXIT_CODES ContainerRestartRuleOnExitCodes {
        operator: text ContainerRestartRuleOnExitCodesOperator, values: [int32],
    }
    EXEC_ACTION ExecAction { command: [text] }
    HTTP_GET_ACTION HTTPGetAction {
        path: text, port: int_or_string, host: text, scheme: text URIScheme,
        httpHeaders: [HTTP_HEADER],
    }
    TCP_SOCKET_ACTION TCPSocketAction { port: int_or_string, host: text }
    GRPC_ACTION GRPCAction { port: int32, service: text }
    LIFECYCLE_HANDLER LifecycleHandler {
        exec: EXEC_ACTION, httpGet: HTTP_GET_ACTION, tcpSocket: TCP_SOCKET_ACTION,
        sleep: SLEEP_ACTION,
    }
    CAPABILITIES Capabilities { add: [text Capability], drop: [text Capability] }
    NODE_SELECTOR NodeSelector { nodeSelectorTerms: [NODE_SELECTOR_TERM] }
    PREFERRED_SCHEDULING_TERM PreferredSchedulingTerm {
        weight: int32, preference: NODE_SELECTOR_TERM,
    }
    POD_AFFINITY_TERM PodAffinityTerm {
        labelSelector: LABEL_SELECTOR, namespaces: [text], topologyKey: text,
        namespaceSelector: LABEL_SELECTOR, matchLabelKeys: [text], mismatchLabelKeys: [text],
    }
    WEIGHTED_POD_AFFINITY_TERM WeightedPodAffinityTerm {
        weight: int32, podAffinityTerm: POD_AFFINITY_TERM,
    }
    POD_FAILURE_POLICY PodFailurePolicy { rules: [POD_FAILURE_POLICY_RULE] }
    SUCCESS_POLICY SuccessPolicy { rules: [SUCCESS_POLICY_RULE] }
    OBJECT_FIELD_SELECTOR ObjectFieldSelector { apiVersion: text, fieldPath: text }
    RESOURCE_FIELD_SELECTOR ResourceFieldSelector {
        containerName: text, resource: text, divisor: quantity,
    }
    CONFIG_MAP_KEY_SELECTOR ConfigMapKeySelector {
        key: text, optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    SECRET_KEY_SELECTOR SecretKeySelector {
        key: text, optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    FILE_KEY_SELECTOR FileKeySelector {
        volumeName: text, path: text, key: text, optional: bool,
    }
    HTTP_HEADER HTTPHeader { name: text, value: text }
    SLEEP_ACTION SleepAction { seconds: int64 }
    NODE_SELECTOR_TERM NodeSelectorTerm {
        matchExpressions: [NODE_SELECTOR_REQUIREMENT], matchFields: [NODE_SELECTOR_REQUIREMENT],
    }
    POD_FAILURE_POLICY_RULE PodFailurePolicyRule {
        action: text PodFailurePolicyAction,
        onExitCodes: POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT,
        onPodConditions: [POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN],
    }
    SUCCESS_POLICY_RULE SuccessPolicyRule { succeededIndexes: text, succeededCount: int32 }
    NODE_SELECTOR_REQUIREMENT NodeSelectorRequirement {
        key: text, operator: text NodeSelectorOperator, values: [text],
    }
    POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT PodFailurePolicyOnExitCodesRequirement {
        containerName: text, operator: text PodFailurePolicyOnExitCodesOperator, values: [int32],
    }
    POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN PodFailurePolicyOnPodConditionsPattern {
        type: text PodConditionType,
    }
}
