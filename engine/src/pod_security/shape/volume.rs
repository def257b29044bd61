//! Volumes, as `k8s.io/api` 0.36 types them.

use super::workload::{
    LABEL_SELECTOR, LOCAL_OBJECT_REFERENCE, OBJECT_FIELD_SELECTOR, OBJECT_META,
    RESOURCE_FIELD_SELECTOR,
};
use super::{Field, Shape, Wanted, embedded, shapes, wanted};

shapes! {
    VOLUME Volume {
        name: text,
    } + VolumeSource {
        hostPath: HOST_PATH_VOLUME_SOURCE, emptyDir: EMPTY_DIR_VOLUME_SOURCE,
        gcePersistentDisk: GCE_PERSISTENT_DISK_VOLUME_SOURCE,
        awsElasticBlockStore: AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE,
        gitRepo: GIT_REPO_VOLUME_SOURCE, secret: SECRET_VOLUME_SOURCE, nfs: NFS_VOLUME_SOURCE,
        iscsi: ISCSI_VOLUME_SOURCE, glusterfs: GLUSTERFS_VOLUME_SOURCE,
        persistentVolumeClaim: PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE, rbd: RBD_VOLUME_SOURCE,
        flexVolume: FLEX_VOLUME_SOURCE, cinder: CINDER_VOLUME_SOURCE,
        cephfs: CEPH_FS_VOLUME_SOURCE, flocker: FLOCKER_VOLUME_SOURCE,
        downwardAPI: DOWNWARD_API_VOLUME_SOURCE, fc: FC_VOLUME_SOURCE,
        azureFile: AZURE_FILE_VOLUME_SOURCE, configMap: CONFIG_MAP_VOLUME_SOURCE,
        vsphereVolume: VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE, quobyte: QUOBYTE_VOLUME_SOURCE,
        azureDisk: AZURE_DISK_VOLUME_SOURCE,
        photonPersistentDisk: PHOTON_PERSISTENT_DISK_VOLUME_SOURCE,
        projected: PROJECTED_VOLUME_SOURCE, portworxVolume: PORTWORX_VOLUME_SOURCE,
        scaleIO: SCALE_IO_VOLUME_SOURCE, storageos: STORAGE_OS_VOLUME_SOURCE,
        csi: CSI_VOLUME_SOURCE, ephemeral: EPHEMERAL_VOLUME_SOURCE, image: IMAGE_VOLUME_SOURCE,
    }
    HOST_PATH_VOLUME_SOURCE HostPathVolumeSource { path: text, type: text HostPathType }
    EMPTY_DIR_VOLUME_SOURCE EmptyDirVolumeSource {
        medium: text StorageMedium, sizeLimit: quantity,
    }
    GCE_PERSISTENT_DISK_VOLUME_SOURCE GCEPersistentDiskVolumeSource {
        pdName: text, fsType: text, partition: int32, readOnly: bool,
    }
    AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE AWSElasticBlockStoreVolumeSource {
        volumeID: text, fsType: text, partition: int32, readOnly: bool,
    }
    GIT_REPO_VOLUME_SOURCE GitRepoVolumeSource {
        repository: text, revision: text, directory: text,
    }
    SECRET_VOLUME_SOURCE SecretVolumeSource {
        secretName: text, items: [KEY_TO_PATH], defaultMode: int32, optional: bool,
    }
    NFS_VOLUME_SOURCE NFSVolumeSource { server: text, path: text, readOnly: bool }
    ISCSI_VOLUME_SOURCE ISCSIVolumeSource {
        targetPortal: text, iqn: text, lun: int32, iscsiInterface: text, fsType: text,
        readOnly: bool, portals: [text], chapAuthDiscovery: bool, chapAuthSession: bool,
        secretRef: LOCAL_OBJECT_REFERENCE, initiatorName: text,
    }
    GLUSTERFS_VOLUME_SOURCE GlusterfsVolumeSource {
        endpoints: text, path: text, readOnly: bool,
    }
    PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE PersistentVolumeClaimVolumeSource {
        claimName: text, readOnly: bool,
    }
    RBD_VOLUME_SOURCE RBDVolumeSource {
        monitors: [text], image: text, fsType: text, pool: text, user: text, keyring: text,
        secretRef: LOCAL_OBJECT_REFERENCE, readOnly: bool,
    }
    FLEX_VOLUME_SOURCE FlexVolumeSource {
        driver: text, fsType: text, secretRef: LOCAL_OBJECT_REFERENCE, readOnly: bool,
        options: {text},
    }
    CINDER_VOLUME_SOURCE CinderVolumeSource {
        volumeID: text, fsType: text, readOnly: bool, secretRef: LOCAL_OBJECT_REFERENCE,
    }
    CEPH_FS_VOLUME_SOURCE CephFSVolumeSource {
        monitors: [text], path: text, user: text, secretFile: text,
        secretRef: LOCAL_OBJECT_REFERENCE, readOnly: bool,
    }
    FLOCKER_VOLUME_SOURCE FlockerVolumeSource { datasetName: text, datasetUUID: text }
    DOWNWARD_API_VOLUME_SOURCE DownwardAPIVolumeSource {
        items: [DOWNWARD_API_VOLUME_FILE], defaultMode: int32,
    }
    FC_VOLUME_SOURCE FCVolumeSource {
        targetWWNs: [text], lun: int32, fsType: text, readOnly: bool, wwids: [text],
    }
    AZURE_FILE_VOLUME_SOURCE AzureFileVolumeSource {
        secretName: text, shareName: text, readOnly: bool,
    }
    CONFIG_MAP_VOLUME_SOURCE ConfigMapVolumeSource {
        items: [KEY_TO_PATH], defaultMode: int32, optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE VsphereVirtualDiskVolumeSource {
        volumePath: text, fsType: text, storagePolicyName: text, storagePolicyID: text,
    }
    QUOBYTE_VOLUME_SOURCE QuobyteVolumeSource {
        registry: text, volume: text, readOnly: bool, user: text, group: text, tenant: text,
    }
    AZURE_DISK_VOLUME_SOURCE AzureDiskVolumeSource {
        diskName: text, diskURI: text, cachingMode: text AzureDataDiskCachingMode, fsType: text,
        readOnly: bool, kind: text AzureDataDiskKind,
    }
    PHOTON_PERSISTENT_DISK_VOLUME_SOURCE PhotonPersistentDiskVolumeSource {
        pdID: text, fsType: text,
    }
    PROJECTED_VOLUME_SOURCE ProjectedVolumeSource {
        sources: [VOLUME_PROJECTION], defaultMode: int32,
    }
    PORTWORX_VOLUME_SOURCE PortworxVolumeSource {
        volumeID: text, fsType: text, readOnly: bool,
    }
    SCALE_IO_VOLUME_SOURCE ScaleIOVolumeSource {
        gateway: text, system: text, secretRef: LOCAL_OBJECT_REFERENCE, sslEnabled: bool,
        protectionDomain: text, storagePool: text, storageMode: text, volumeName: text,
        fsType: text, readOnly: bool,
    }
    STORAGE_OS_VOLUME_SOURCE StorageOSVolumeSource {
        volumeName: text, volumeNamespace: text, fsType: text, readOnly: bool,
        secretRef: LOCAL_OBJECT_REFERENCE,
    }
    CSI_VOLUME_SOURCE CSIVolumeSource {
        driver: text, readOnly: bool, fsType: text, volumeAttributes: {text},
        nodePublishSecretRef: LOCAL_OBJECT_REFERENCE,
    }
    EPHEMERAL_VOLUME_SOURCE EphemeralVolumeSource {
        volumeClaimTemplate: PERSISTENT_VOLUME_CLAIM_TEMPLATE,
    }
    IMAGE_VOLUME_SOURCE ImageVolumeSource { reference: text, pullPolicy: text PullPolicy }
    KEY_TO_PATH KeyToPath { key: text, path: text, mode: int32 }
    DOWNWARD_API_VOLUME_FILE DownwardAPIVolumeFile {
        path: text, fieldRef: OBJECT_FIELD_SELECTOR, resourceFieldRef: RESOURCE_FIELD_SELECTOR,
        mode: int32,
    }
    VOLUME_PROJECTION VolumeProjection {
        secret: SECRET_PROJECTION, downwardAPI: DOWNWARD_API_PROJECTION,
        configMap: CONFIG_MAP_PROJECTION, serviceAccountToken: SERVICE_ACCOUNT_TOKEN_PROJECTION,
        clusterTrustBundle: CLUSTER_TRUST_BUNDLE_PROJECTION,
        podCertificate: POD_CERTIFICATE_PROJECTION,
    }
    PERSISTENT_VOLUME_CLAIM_TEMPLATE PersistentVolumeClaimTemplate {
        metadata: OBJECT_META, spec: PERSISTENT_VOLUME_CLAIM_SPEC,
    }
    SECRET_PROJECTION SecretProjection {
        items: [KEY_TO_PATH], optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    DOWNWARD_API_PROJECTION DownwardAPIProjection { items: [DOWNWARD_API_VOLUME_FILE] }
    CONFIG_MAP_PROJECTION ConfigMapProjection {
        items: [KEY_TO_PATH], optional: bool,
    } + LocalObjectReference {
        name: text,
    }
    SERVICE_ACCOUNT_TOKEN_PROJECTION ServiceAccountTokenProjection {
        audience: text, expirationSeconds: int64, path: text,
    }
    CLUSTER_TRUST_BUNDLE_PROJECTION ClusterTrustBundleProjection {
        name: text, signerName: text, labelSelector: LABEL_SELECTOR, optional: bool, path: text,
    }
    POD_CERTIFICATE_PROJECTION PodCertificateProjection {
        signerName: text, keyType: text, maxExpirationSeconds: int32, credentialBundlePath: text,
        keyPath: text, certificateChainPath: text, userAnnotations: {text},
    }
    PERSISTENT_VOLUME_CLAIM_SPEC PersistentVolumeClaimSpec {
        accessModes: [text PersistentVolumeAccessMode], selector: LABEL_SELECTOR,
        resources: VOLUME_RESOURCE_REQUIREMENTS, volumeName: text, storageClassName: text,
        volumeMode: text PersistentVolumeMode, dataSource: TYPED_LOCAL_OBJECT_REFERENCE,
        dataSourceRef: TYPED_OBJECT_REFERENCE, volumeAttributesClassName: text,
    }
    VOLUME_RESOURCE_REQUIREMENTS VolumeResourceRequirements {
        limits: {quantity}, requests: {quantity},
    }
    TYPED_LOCAL_OBJECT_REFERENCE TypedLocalObjectReference {
        apiGroup: text, kind: text, name: text,
    }
    TYPED_OBJECT_REFERENCE TypedObjectReference {
        apiGroup: text, kind: text, name: text, namespace: text,
    }
}
