declare module "hutong:icons" {
  const paths: Record<import("./ui/icon.tsx").Icon, string>;
  export default paths;
}

declare module "*.css";
