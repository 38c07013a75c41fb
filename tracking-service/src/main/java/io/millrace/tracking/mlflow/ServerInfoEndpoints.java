package io.millrace.tracking.mlflow;

import org.springframework.web.bind.annotation.GetMapping;

/** What clients of version 3 ask once, to learn whether there are workspaces. */
@MlflowApi({MlflowApi.V3, MlflowApi.AJAX_V3})
class ServerInfoEndpoints {

  @ProtoJson
  record ServerInfo(String storeType, boolean workspacesEnabled) {}

  @GetMapping("/server-info")
  ServerInfo serverInfo() {
    return new ServerInfo("SqlStore", false);
  }
}
