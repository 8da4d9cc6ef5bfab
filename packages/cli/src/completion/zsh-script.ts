/** Completion for zsh, as it is sourced there or lies in a folder of its `fpath`. */

/** Names go to `compadd`, which quotes what it puts on the line. `§` as in the script for bash. */
export const zshScript = String.raw`#compdef fleetmend
# fleetmend completion for zsh. Here and now, after compinit:
#     source <(fleetmend completion zsh)
# For every one, as root:
#     fleetmend completion zsh > /usr/local/share/zsh/site-functions/_fleetmend
_fleetmend() {
  local -a lines whole wholeShown open openShown
  local line name shown program=fleetmend
  [[ $words[1] == */* && -x $words[1] ]] && program=$words[1]
  lines=("§{(@f)$(command "$program" complete -- "§{(@Q)words[2,CURRENT-1]}" "§{(Q)PREFIX}" 2>/dev/null)}")
  case $lines[1] in
    files)
      compset -P '--*='
      _files
      return
      ;;
    folders)
      compset -P '--*='
      _files -/
      return
      ;;
  esac
  for line in "§{(@)lines[2,-1]}"; do
    name=§{line%%$'\t'*}
    # Only plain words: what is put on the line may be run without a look.
    [[ $name == *[^A-Za-z0-9_.,:=@+/-]* ]] && continue
    shown=$name
    [[ $line == *$'\t'* ]] && shown="$name  -- §{line#*$'\t'}"
    # What needs a value goes on without a blank.
    if [[ $name == *= ]]; then
      open+=("$name")
      openShown+=("$shown")
    else
      whole+=("$name")
      wholeShown+=("$shown")
    fi
  done
  local -i found=1
  ((§{#whole})) && compadd -V fleetmend -l -d wholeShown -a whole && found=0
  ((§{#open})) && compadd -V fleetmend -l -S '' -d openShown -a open && found=0
  return found
}
# In a folder of fpath this file is the function; where it is sourced, the function is made known.
if [[ $funcstack[1] == _fleetmend ]]; then
  _fleetmend "$@"
else
  compdef _fleetmend fleetmend
fi
`.replaceAll('§', '$')
