# bash completion of proa-proxy
_proa_proxy() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  case $before in
    --mode) COMPREPLY=($(compgen -W 'serve validate init_only' -- "$word")) ;;
    --drain-strategy) COMPREPLY=($(compgen -W 'gradual immediate' -- "$word")) ;;
    -l | --log-level)
      COMPREPLY=($(compgen -W 'trace debug info warning error critical off' -- "$word")) ;;
    -c | --config-path | --log-path | --admin-address-path)
      compopt -o filenames
      COMPREPLY=($(compgen -f -- "$word")) ;;
    *)
      COMPREPLY=($(compgen -W '--help --version --config-path --config-yaml --mode --concurrency --log-level
        --component-log-level --log-path --log-format --service-cluster --service-node --service-zone --state-dir
        --file-flush-interval-msec --drain-time-s --drain-strategy --parent-shutdown-time-s --base-id --restart-epoch
        --disable-hot-restart --allow-unsupported --allow-unknown-static-fields --admin-address-path
        --configuration-reference' -- "$word")) ;;
  esac
}
complete -F _proa_proxy proa-proxy
