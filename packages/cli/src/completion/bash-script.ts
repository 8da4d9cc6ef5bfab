/** Completion for bash, as it is sourced there. */

/**
 * Nothing of what comes back is expanded: it is read line by line, and `compgen -W`, which would, is not used. `§` is a
 * dollar sign, which a template would take for its own.
 */
export const bashScript = String.raw`# fleetmend completion for bash. Here and now:
#     source <(fleetmend completion bash)
# For every one, as root:
#     fleetmend completion bash > /usr/share/bash-completion/completions/fleetmend
_fleetmend() {
  local left=§{COMP_LINE:0:COMP_POINT} piece line current cut='' breaks kind='' program=fleetmend
  local -a typed=()
  local -i i
  [[ $1 == */* && -x $1 ]] && program=$1
  # Readline parts words at = and : too; what has no blank between it is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    piece=§{COMP_WORDS[i]}
    if ((i == 0)) || [[ $left == [[:space:]]* ]]; then
      left=§{left#"§{left%%[![:space:]]*}"}
      typed+=('')
    fi
    # Only what stands before the cursor.
    ((i == COMP_CWORD)) && piece=$left
    typed[§{#typed[@]}-1]+=$piece
    left=§{left:§{#piece}}
  done
  current=§{typed[§{#typed[@]}-1]}
  breaks=§{COMP_WORDBREAKS//[^=:@]/}
  # It puts in place only what comes after the last of these, except within quotes.
  [[ -n $breaks && $current != [\"\']* ]] && cut=§{current%"§{current##*[$breaks]}"}
  # As words they have no quotes; nothing in them is expanded.
  for i in "§{!typed[@]}"; do typed[i]=§{typed[i]//[\"\'\\]/}; done
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then
      kind=$line
      continue
    fi
    line=§{line%%$'\t'*}
    # Only plain words: what is put on the line may be run without a look.
    [[ $line == *[!A-Za-z0-9_.,:=@+/-]* ]] && continue
    COMPREPLY+=("§{line#"$cut"}")
  done < <(command "$program" complete -- "§{typed[@]:1}" 2>/dev/null)
  case $kind in
    files) compopt -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
    *)
      compopt -o nosort 2>/dev/null
      [[ §{#COMPREPLY[@]} -eq 1 && §{COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
      ;;
  esac
  return 0
}
complete -F _fleetmend fleetmend
`.replaceAll('§', '$')
