/** The mark: a courtyard seen from above, its gate at the corner, a lamp in the middle. */
export function Brand() {
  return (
    <span class="brand">
      <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect class="mark-door" width="32" height="32" rx="8" />
        <path class="mark-wall" d="M7 7h18v11.5M25 25H7V7" />
        <rect class="mark-lamp" x="12.4" y="12.4" width="7.2" height="7.2" rx="1.2" />
      </svg>
      <span class="brand-word">Hutong</span>
    </span>
  );
}
